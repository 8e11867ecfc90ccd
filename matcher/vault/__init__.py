"""Fingerprint files at rest: encrypted one by one, readable in part, destroyed for good.

    keys = StoreKeys.new(Path("outside/store-keys.json"), passphrase)   # or StoreKeys.open
    vault = Vault(Path("store"), keys)
    vault.put("batch-1", path_or_stream)
    with vault.open("batch-1") as file:      # a seekable binary file
        batch = pq.ParquetFile(file)         # reads and decrypts only what is asked for
    vault.destroy("batch-1")                 # this copy and every backup of it are unreadable

The folder holds nothing but encrypted files; every key lies in the store-keys file outside it.
"""

from matcher.vault.storekeys import StoreKeys
from matcher.vault.vault import Vault

__all__ = ["StoreKeys", "Vault"]
