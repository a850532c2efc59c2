// libfcgi's application interface. Every call this package needs imports as it is, so there is no shim here.
#include <fcgiapp.h>
