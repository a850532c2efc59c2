// libmagic. Every call this package needs imports as it is, so there is no shim here.
#include <magic.h>
