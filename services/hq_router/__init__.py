"""跨省业务管理和转发: where work between provinces goes, and the ledger of all of it. Headquarters only."""
