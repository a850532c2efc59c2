"""tuspy, the protocol's own client: tus_client.py URL FILE CHUNK [BREAKS]. Uploads a file; with BREAKS by so many clients one after
the other, each of which ends in the middle. Prints the upload's URL."""

import os
import sys

from tusclient import client

URL, PATH, CHUNK = sys.argv[1:4]
BREAKS = int(sys.argv[4]) if len(sys.argv) > 4 else 0
HEADERS = {"Authorization": f"Bearer {os.environ['MEDIA_API_KEY']}"}
METADATA = {"filename": "from tuspy é.mp4", "filetype": "video/mp4", "userId": "tus", "title": "by tuspy"}

url = None
size = os.path.getsize(PATH)
for turn in range(BREAKS + 1):
    uploader = client.TusClient(URL, headers=HEADERS).uploader(
        PATH, chunk_size=int(CHUNK), metadata=METADATA, url=url, upload_checksum=True)
    url = url or uploader.create_url()
    uploader.set_url(url)
    uploader.offset = uploader.get_offset()
    uploader.upload(stop_at=size * (turn + 1) // (BREAKS + 1))
print(url)
