import Foundation
package import MediaCore

/// Films, sounds and documents that a script makes.
package enum Films {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Samples/films.sh").path

    package static func bytes(_ name: String) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        try Command.run("/bin/sh", [script, folder.path, name])
        return Array(try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")))
    }

    /// What ffprobe says of a file.
    package static func probe(_ bytes: [UInt8]) throws -> JSON {
        let folder = try TemporaryFolder()
        let said = try Command.run(
            "ffprobe",
            ["-v", "error", "-print_format", "json", "-show_format", "-show_streams", folder.file("file", bytes)])
        return try JSONParser.parse(Array(said.utf8))
    }
}
