internal import Glibc

/// Copies a picture without its metadata, but for the colour profile and how it is turned; no pixel is made anew.
package enum MetadataFilter: Sendable {
    case jpeg, png, webp

    package struct Damage: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Returns: nil for a type whose bytes aren't known here.
    package init?(_ mimeType: String) {
        switch mimeType {
        case "image/jpeg": self = .jpeg
        case "image/png": self = .png
        case "image/webp": self = .webp
        default: return nil
        }
    }

    /// - Parameter orientation: as EXIF has it, 1 … 8.
    /// - Returns: false where only a new picture can keep how it is turned; then nothing is written.
    package func copy(_ source: String, to target: String, orientation: Int) throws(Damage) -> Bool {
        guard self == .jpeg || orientation == 1 else { return false }
        let streams = try Streams(source, target)
        switch self {
        case .jpeg: try JPEG(streams).copy(orientation)
        case .png: try Self.copyPNG(streams)
        case .webp: try Self.copyWebP(streams)
        }
        try streams.finish()
        return true
    }

    // MARK: JPEG (ITU-T T.81, annex B)

    private struct JPEG {
        let streams: Streams

        init(_ streams: Streams) { self.streams = streams }

        func copy(_ orientation: Int) throws(Damage) {
            guard try streams.read(2) == [0xFF, 0xD8] else { throw Damage(description: "no JPEG") }
            streams.write([0xFF, 0xD8])
            if orientation != 1 { streams.write(Self.exif(orientation)) }
            var marker = try nextMarker()
            // What stands behind the end may be another picture, with metadata of its own.
            while marker != 0xD9 {
                if (0xD0...0xD7).contains(marker) || marker == 0x01 {
                    streams.write([0xFF, marker])
                } else {
                    try copySegment(marker)
                }
                marker = marker == 0xDA ? try copyScan() : try nextMarker()
            }
            streams.write([0xFF, 0xD9])
        }

        private func nextMarker() throws(Damage) -> UInt8 {
            // As libjpeg passes over what doesn't belong there.
            while try streams.byte() != 0xFF {}
            var marker: UInt8 = 0xFF
            while marker == 0xFF { marker = try streams.byte() }
            return marker
        }

        private func copySegment(_ marker: UInt8) throws(Damage) {
            let head = try streams.read(2)
            let length = Int(head[0]) << 8 | Int(head[1])
            guard length >= 2 else { throw Damage(description: "a segment is too short") }
            let body = try streams.read(length - 2)
            let isKept =
                switch marker {
                // JFIF and Adobe say how colours are meant.
                case 0xE0, 0xEE: true
                case 0xE2: body.starts(with: Array("ICC_PROFILE\0".utf8))
                case 0xE1...0xEF, 0xFE: false
                default: true
                }
            if isKept { streams.write([0xFF, marker] + head + body) }
        }

        /// - Returns: the marker behind the scan's data.
        private func copyScan() throws(Damage) -> UInt8 {
            while true {
                let byte = try streams.byte()
                guard byte == 0xFF else {
                    streams.write(byte)
                    continue
                }
                var next = try streams.byte()
                while next == 0xFF { next = try streams.byte() }
                guard next == 0 || (0xD0...0xD7).contains(next) else { return next }
                streams.write([0xFF, next])
            }
        }

        /// A segment of EXIF that says nothing but how the picture is turned.
        private static func exif(_ orientation: Int) -> [UInt8] {
            let tiff: [UInt8] =
                Array("MM\0*\0\0\0\u{8}".utf8) + [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0]
                + [0, 0, 0, 0]
            let body = Array("Exif\0\0".utf8) + tiff
            return [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body
        }
    }

    // MARK: PNG (ISO/IEC 15948, 5.3)

    private static func copyPNG(_ streams: Streams) throws(Damage) {
        streams.write(try streams.read(8))
        while true {
            let head = try streams.read(8)
            let length = head[..<4].reduce(0) { $0 << 8 | Int($1) }
            let name = String(decoding: head[4...], as: UTF8.self)
            let isKept = !["eXIf", "tEXt", "zTXt", "iTXt", "tIME"].contains(name)
            if isKept { streams.write(head) }
            try streams.pass(length + 4, isKept: isKept)
            if name == "IEND" { return }
        }
    }

    // MARK: WebP (RIFF)

    private static func copyWebP(_ streams: Streams) throws(Damage) {
        let head = try streams.read(12)
        streams.write(head)
        var left = head[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) } - 4
        var size = 4
        while left >= 8 {
            let chunk = try streams.read(8)
            let name = String(decoding: chunk[..<4], as: UTF8.self)
            let length = chunk[4...].reversed().reduce(0) { $0 << 8 | Int($1) }
            let padded = length + length % 2
            left -= 8 + padded
            let isKept = name != "EXIF" && name != "XMP "
            if isKept {
                streams.write(chunk)
                size += 8 + padded
            }
            if name == "VP8X", length > 0 {
                // Says that there are EXIF and XMP.
                streams.write(try streams.byte() & ~0x0C)
                try streams.pass(padded - 1, isKept: true)
            } else {
                try streams.pass(padded, isKept: isKept)
            }
        }
        try streams.overwrite(4, (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) })
    }

    // MARK: Files

    @safe
    private final class Streams {
        private let input: UnsafeMutablePointer<FILE>
        private let output: UnsafeMutablePointer<FILE>

        init(_ source: String, _ target: String) throws(Damage) {
            guard let input = unsafe fopen(source, "re") else { throw Damage(description: "\(source) can't be read") }
            guard let output = unsafe fopen(target, "we") else {
                unsafe fclose(input)
                throw Damage(description: "\(target) can't be written")
            }
            unsafe self.input = input
            unsafe self.output = output
        }

        deinit {
            unsafe fclose(input)
            unsafe fclose(output)
        }

        func byte() throws(Damage) -> UInt8 {
            let value = unsafe getc_unlocked(input)
            guard value != EOF else { throw Damage(description: "the file ends too early") }
            return UInt8(value)
        }

        func read(_ count: Int) throws(Damage) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            guard unsafe fread(&bytes, 1, count, input) == count else {
                throw Damage(description: "the file ends too early")
            }
            return bytes
        }

        func write(_ byte: UInt8) { unsafe putc_unlocked(Int32(byte), output) }

        func write(_ bytes: [UInt8]) { _ = unsafe fwrite(bytes, 1, bytes.count, output) }

        /// Copies or leaves out so many bytes.
        func pass(_ count: Int, isKept: Bool) throws(Damage) {
            var left = count
            while left > 0 {
                let piece = try read(min(left, 65536))
                if isKept { write(piece) }
                left -= piece.count
            }
        }

        func overwrite(_ offset: Int, _ bytes: [UInt8]) throws(Damage) {
            guard unsafe fseek(output, offset, SEEK_SET) == 0 else { throw Damage(description: "fseek failed") }
            write(bytes)
        }

        /// That all could be written.
        func finish() throws(Damage) {
            guard unsafe fflush(output) == 0, unsafe ferror(output) == 0 else {
                throw Damage(description: "the copy could not be written")
            }
        }
    }
}
