import Foundation

/// Small real files. With a `salt` the content is one that no other test has.
package enum Samples {
    /// 16 × 16, from ffmpeg.
    package static func jpeg(_ salt: String = "") -> [UInt8] {
        decoded(
            """
            /9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAgoKC8oLzc3Nzc3N0E8QUNDQ0FBQUFDQ0NISEhVVVVISEhDQ0hIUFBVVVxfXFdXVVdf
            X2RkZHh4c3OMjJGsrM//xABMAAEBAAAAAAAAAAAAAAAAAAAABgEBAQAAAAAAAAAAAAAAAAAABgcQAQAAAAAAAAAAAAAAAAAAAAAR
            AQAAAAAAAAAAAAAAAAAAAAD/wAARCAAQABADASIAAhEAAxEA/9oADAMBAAIRAxEAPwCLAFF/f//Z
            """, salt)
    }

    /// 8 × 8, from ffmpeg.
    package static func png(_ salt: String = "") -> [UInt8] {
        decoded(
            """
            iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAACXBIWXMAAAABAAAAAQBPJcTWAAAAEklEQVR4nGP4y8CAFWEXHbQS
            APZwP0G2GkFNAAAAAElFTkSuQmCC
            """, salt)
    }

    /// A QuickTime brand and a box of padding: enough to be told from others, with any size.
    package static func mp4(_ salt: String = "", size: Int = 1024) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 0, 0x20] + Array("ftypisom".utf8) + [0, 0, 2, 0] + Array("isomiso2avc1mp41".utf8)
        let rest = max(size - bytes.count, 8 + salt.utf8.count)
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: rest >> (24 - 8 * $0)) } + Array("mdat\(salt)".utf8)
        return bytes + filler(rest - 8 - salt.utf8.count)
    }

    package static func pdf(_ salt: String = "") -> [UInt8] {
        Array(
            """
            %PDF-1.4
            1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
            2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
            3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
            trailer<</Root 1 0 R>>
            % \(salt)
            %%EOF

            """.utf8)
    }

    package static func text(_ salt: String = "") -> [UInt8] { Array("Grüße aus dem Kurs, \(salt)\n".utf8) }

    package static func html(_ salt: String = "") -> [UInt8] {
        Array(
            "<!DOCTYPE html><html><head><title>\(salt)</title></head><body><script>alert(1)</script></body></html>".utf8
        )
    }

    package static func svg(_ salt: String = "") -> [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><!-- \(salt) --><script>alert(1)</script></svg>
            """.utf8)
    }

    /// An archive with one empty file.
    package static func zip(_ salt: String = "") -> [UInt8] {
        let name = Array("empty\(salt)".utf8)
        let length = [UInt8(name.count), 0]
        let common = [UInt8](repeating: 0, count: 14)
        let local: [UInt8] = [0x50, 0x4B, 3, 4, 10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x28] + [UInt8](repeating: 0, count: 12)
        let entry: [UInt8] = [0x50, 0x4B, 1, 2, 10, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x28]
        let first = local + length + [0, 0] + name
        let second = entry + [UInt8](repeating: 0, count: 12) + length + [0, 0] + common.dropLast(2) + [0, 0] + name
        let end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, UInt8(second.count), 0, 0, 0, UInt8(first.count)]
        return first + second + end + [0, 0, 0, 0, 0]
    }

    /// The head of a program for Linux.
    package static func elf(_ salt: String = "") -> [UInt8] {
        [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
            + [3, 0, 0x3E, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 40) + Array(salt.utf8)
    }

    /// Bytes in which every place can be told from its neighbours.
    package static func filler(_ count: Int) -> [UInt8] {
        (0..<max(count, 0)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    /// Viewers ignore what stands behind the end of a picture.
    private static func decoded(_ base64: String, _ salt: String) -> [UInt8] {
        Array(Data(base64Encoded: base64, options: .ignoreUnknownCharacters) ?? Data()) + Array(salt.utf8)
    }
}
