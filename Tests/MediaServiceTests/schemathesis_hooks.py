"""Loaded by schemathesis (SCHEMATHESIS_HOOKS)."""

import schemathesis

# Bytes are bytes.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
