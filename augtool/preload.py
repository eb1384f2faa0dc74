"""The first thing loaded where workers are forked from.

Loading makes many objects and no garbage; to look for some costs a tenth of the time. A worker turns the
search on again when it starts.
"""

import gc

gc.disable()
