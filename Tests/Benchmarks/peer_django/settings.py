"""What a platform would have in Django in the place of the service: `deploy/bench` measures the service against it.

Its downloads are those of the C program in ../peer with API keys and signed links, byte for byte but for the request's id; of
users' tokens it knows nothing. Nothing is switched on that these downloads don't need.
"""

import os
import secrets

DEBUG = False
SECRET_KEY = secrets.token_hex()
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["files"]
MIDDLEWARE = []
TEMPLATES = []
USE_TZ = True
USE_I18N = False
LOGGING_CONFIG = None
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": "media",
        "USER": "media",
        "PASSWORD": os.environ["PEER_PASSWORD"],
        "HOST": os.environ["PEER_DATABASE_SOCKET"],
        # Connections stay open.
        "CONN_MAX_AGE": None,
    }
}
SENDFILE_BACKEND = "django_sendfile.backends.nginx"
SENDFILE_ROOT = os.environ["PEER_STORE"] + "/objects"
SENDFILE_URL = "/_objects"
# nginx finds out.
SENDFILE_CHECK_FILE_EXISTS = False

PEER_BASE_URL = os.environ["PEER_BASE_URL"]
PEER_LINK_SECRET = os.environ["PEER_LINK_SECRET"]
PEER_TYPES = os.environ["PEER_TYPES"]
