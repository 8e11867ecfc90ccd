"""The society's side: the only code that sees plaintext or encoding keys.

Records come in through `encoders.readers`, are reported on by `encoders.checking`, become
fingerprints in `encoders.encoding` and leave as a batch. Of the linkage unit's side this
package knows only `matcher.formats`; import-linter's contracts hold that wall.
"""
