// The overlay, one file for the compiler: six kernels that run a program together (channels.h). The host starts all of
// them, each in a queue of its own, for a range of commands.
#include "channels.h"

#include "buffers.h"

#include "accumulate.h"

#include "flow.h"

#include "vector.h"

#include "transform.h"

#include "walk_load.h"

#include "walk_store.h"

#include "load.cl"

#include "feed.cl"

#include "array.cl"

#include "accumulate.cl"

#include "post.cl"

#include "store.cl"
