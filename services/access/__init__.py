"""统一接入平台: who may use the system, and the tokens that say so."""
