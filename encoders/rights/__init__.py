"""People's rights at the society: what they ask for, what became of it, and by when.

`asking` is a request with its steps and the rules that a step must keep; `register` the society's
sealed file of all requests; `answering` what a person is given of their own data; `reviewing` which
records are due for review; `archive` the sealed file of what a review took out of use; `box` how
both files are sealed.
"""
