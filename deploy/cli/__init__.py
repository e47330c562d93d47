"""The `unicrm` command."""
