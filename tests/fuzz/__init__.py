"""Bytes of others changed at random, state machines for store and refresh, kill -9 at every step."""
