# SPDX-License-Identifier: Apache-2.0
"""Another subscription engine: what is read of it, and what is told there.

`reading` brings the books to what the engine says, record by record, so that
one that cannot be taken over stops no other. `telling` says there what was
done here. `doubt` keeps a server whose owner may have paid there meanwhile.
"""
