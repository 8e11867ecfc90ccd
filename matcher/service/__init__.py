"""The linkage unit's service over HTTP: batches in, candidates out.

- `app`: `make_app` puts it together; `routes` has a module for each kind of thing;
- `callers`: who calls, for which society, with which scopes;
- `credentials`: tokens, identity providers' tokens and client certificates made into callers;
- `problems`: every refusal as one shape, with a code that stays;
- `edge`: what happens to every request before and after its route;
- `limits`: how much anybody may ask; `observing`: metrics and logs;
- `uploads`: the parts of batches' files until they are validated.

A route acts in a transaction of its caller's society, which sees that society's rows alone.
"""
