import MediaProcessing
import Testing

@Suite struct TypeDetectorTests {
    private static let samples: [(type: String, bytes: [UInt8])] = [
        ("image/png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]),
        ("image/jpeg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 0x4A, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
        ("image/gif", Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0]),
        ("application/pdf", Array("%PDF-1.7\n".utf8)),
        ("text/plain", Array("just words\n".utf8)),
        ("text/html", Array("<!DOCTYPE html><html><head><title>x</title></head></html>".utf8)),
        ("image/svg+xml", Array("<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"></svg>".utf8)),
        ("application/octet-stream", [0x00, 0x01, 0x02, 0x03, 0xFE, 0xFD]),
    ]

    @Test("tells the type from the bytes", arguments: samples.indices)
    func detects(index: Int) throws {
        let sample = Self.samples[index]
        #expect(try TypeDetector().type(of: sample.bytes) == sample.type)
    }

    @Test("is used by many threads at once")
    func concurrent() async throws {
        let detector = TypeDetector()
        let types = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<200 {
                group.addTask { try detector.type(of: Self.samples[index % Self.samples.count].bytes) }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(types.values.reduce(0, +) == 200)
        #expect(types.count == Self.samples.count)
    }
}
