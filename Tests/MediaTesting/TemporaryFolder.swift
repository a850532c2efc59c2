import Foundation

/// A folder below `/tmp`, short enough for a socket's path, removed when it is let go.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        var template = Array("/tmp/media-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("no temporary folder can be made") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Teardown.shared.add(folder: path)
    }

    deinit {
        Self.delete(path)
        Teardown.shared.remove(folder: path)
    }

    /// A new folder in this one.
    package func folder(_ name: String) throws -> String {
        let folder = "\(path)/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// A new file in this one.
    package func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = "\(path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    static func delete(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
