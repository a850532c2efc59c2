#!/bin/sh
# Films, sounds and documents of all kinds: films.sh FOLDER NAME…
set -eu
folder=$1
shift
mkdir -p "$folder"
picture() { echo "-f lavfi -i testsrc2=size=$1:rate=$2:duration=$3"; }
sound() { echo "-f lavfi -i sine=frequency=440:duration=$1"; }
h264="-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
# office TYPE FILE SOURCE [FILTER]: what LibreOffice makes of a source.
office() {
    soffice -env:UserInstallation="file://$folder/profile" --headless --convert-to "$1${4:+:$4}" --outdir "$folder/made" "$3" >/dev/null 2>&1
    mv "$folder/made/"* "$2"
    rm -rf "$folder/made" "$folder/profile" "$3"
}
text() {
    cat >"$folder/text.fodt" <<END
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text"><office:automatic-styles><style:style style:name="next" style:family="paragraph"><style:paragraph-properties fo:break-before="page"/></style:style></office:automatic-styles><office:body><office:text>
<text:p>Waves</text:p><text:p>Tides and $1.</text:p><text:p text:style-name="next">Second page</text:p>
</office:text></office:body></office:document>
END
}
slides() {
    cat >"$folder/slides.fodp" <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.presentation"><office:body><office:presentation>
<draw:page draw:name="a"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="5cm"><draw:text-box><text:p>First slide on plankton</text:p></draw:text-box></draw:frame></draw:page>
<draw:page draw:name="b"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="5cm"><draw:text-box><text:p>Second slide</text:p></draw:text-box></draw:frame></draw:page>
</office:presentation></office:body></office:document>
END
}
make() { ffmpeg -v error -nostdin -y "$@"; }
for name; do
    file=$folder/$name
    # shellcheck disable=SC2046,SC2086
    case $name in
        lecture.mp4) make $(picture 1280x720 25 9) $(sound 9) $h264 -c:a aac "$file" ;;
        screen.mkv) make $(picture 1000x562 15 4) $(sound 4) $h264 -c:a libopus "$file" ;;
        silent.webm) make $(picture 640x360 25 3) -c:v libvpx -b:v 300k "$file" ;;
        tiny.mp4) make $(picture 130x98 10 2) $h264 "$file" ;;
        portrait.mp4)
            make $(picture 640x360 30 3) $(sound 3) $h264 -c:a aac "$folder/turn.mp4"
            make -display_rotation 90 -i "$folder/turn.mp4" -c copy "$file" 2>/dev/null ||
                make -i "$folder/turn.mp4" -c copy -metadata:s:v rotate=90 "$file"
            rm "$folder/turn.mp4" ;;
        place.mp4)
            make $(picture 320x240 25 2) $(sound 2) $h264 -c:a aac -metadata location="+48.8577+002.2950/" "$file" ;;
        uneven.mp4)
            make $(picture 640x360 30 4) $h264 -vf "select='if(lt(t,2),1,not(mod(n,3)))'" -vsync vfr "$file" ;;
        hdr.mp4)
            make $(picture 640x360 25 2) -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=error \
                -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc "$file" ;;
        chapters.mp4)
            printf ';FFMETADATA1\ntitle=A lecture\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1500\ntitle=Begin\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=1500\nEND=3000\ntitle=End\n' >"$folder/meta"
            make $(picture 640x360 25 3) -i "$folder/meta" -map_metadata 1 $h264 "$file"
            rm "$folder/meta" ;;
        gap.mkv) make $(picture 64x64 2 1) -vf "setpts='if(eq(N,0),0,360000/TB)'" -vsync vfr $h264 "$file" ;;
        broken.mp4)
            make $(picture 640x360 25 3) $h264 -movflags +faststart "$folder/whole.mp4"
            head -c 3000 "$folder/whole.mp4" >"$file"
            rm "$folder/whole.mp4" ;;
        song.mp3)
            make -f lavfi -i testsrc=size=200x200:duration=1 -frames:v 1 "$folder/cover.png"
            make $(sound 6) -i "$folder/cover.png" -map 0 -map 1 -c:a libmp3lame -id3v2_version 3 -metadata title=Sea \
                -metadata artist="Some & One" -metadata album=Waves -disposition:v attached_pic "$file"
            rm "$folder/cover.png" ;;
        note.wav) make $(sound 3) -ac 1 "$file" ;;
        speech.ogg) make $(sound 3) -c:a libvorbis -metadata title=Speech "$file" ;;
        paper.odt) text moon && office odt "$file" "$folder/text.fodt" ;;
        paper.docx) text moon && office odt "$folder/paper.odt" "$folder/text.fodt" && office docx "$file" "$folder/paper.odt" "MS Word 2007 XML" ;;
        slides.pptx) slides && office pptx "$file" "$folder/slides.fodp" ;;
        paper.pdf) text moon && office odt "$folder/paper.odt" "$folder/text.fodt" && office pdf "$file" "$folder/paper.odt" ;;
        locked.pdf)
            text moon && office odt "$folder/paper.odt" "$folder/text.fodt"
            office pdf "$file" "$folder/paper.odt" \
                'writer_pdf_Export:{"EncryptFile":{"type":"boolean","value":"true"},"DocumentOpenPassword":{"type":"string","value":"secret"}}' ;;
        damaged.pdf) printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>\n' >"$file" ;;
        bomb.docx)
            python3 - "$file" <<'END'
import sys, zipfile
head = '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>'
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>')
    archive.writestr("_rels/.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>')
    with archive.open("word/document.xml", "w") as part:
        part.write(head.encode())
        for _ in range(1200):
            part.write(b"boom " * 200_000)
        part.write(b"</w:t></w:r></w:p></w:body></w:document>")
END
            ;;
        vast.pdf)
            printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99999999999999999999999 100]>>endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF\n' >"$file" ;;
        many.pdf)
            { printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 2000000000/Kids['
              i=0; while [ $i -lt 3000 ]; do printf '3 0 R '; i=$((i + 1)); done
              printf ']>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 90000000 90000000]>>endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF\n'; } >"$file" ;;
        *) echo "no film $name" >&2 && exit 1 ;;
    esac
done
