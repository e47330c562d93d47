"""What a database, or the network to it, does to a caller who did nothing wrong: away, full, deadlocked."""

import asyncpg

_UNDER_US: tuple[type[BaseException], ...] = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,
)
# Files that are not there are our own mistake, though Python counts them among the errors of the system.
_OURS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)


def is_infrastructure(error: BaseException) -> bool:
    """Whether a failure is to be waited for, or told as 503, instead of being held against who met it."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_infrastructure(inner) for inner in error.exceptions)
    if isinstance(error, _UNDER_US):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        # The driver's own: a value of the wrong kind is somebody's mistake, a closed connection is not.
        return not isinstance(error, asyncpg.DataError) and "clos" in str(error)
    return isinstance(error, OSError) and not isinstance(error, _OURS)
