"""Data protection at the society: what must be known of a person before anything is encoded.

What a society decided and was told lies in an intake file beside its records (`intake`), with a
table of entries and one of events (`fields` says of which columns). The gates of `basis`,
`consent`, `children`, `enquirers`, `wishes` and `information` look at one person each, those of
`purposes` and `minimum` at the file; `admission` puts all of them to a checked file and leaves the
records that may be encoded. `notifying` tells the linkage unit whom it may no longer compare.
"""
