import Foundation
package import MediaCore

/// Pictures that a script makes, and what another reader sees in them.
package enum Pictures {
    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Samples").path

    /// Makes pictures by their names in `Samples/pictures.py`.
    package static func make(_ names: [String], in folder: String) throws {
        try Command.run(TestTools.path("python3"), ["-B", "\(scripts)/pictures.py", folder] + names)
    }

    package static func bytes(_ name: String) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        try make([name], in: folder.path)
        return Array(try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")))
    }

    /// What Pillow sees in files.
    package static func look(_ paths: [String]) throws -> [JSON] {
        try Command.run(TestTools.path("python3"), ["-B", "\(scripts)/look.py"] + paths).split(separator: "\n")
            .map { try JSONParser.parse(Array($0.utf8)) }
    }

    package static func look(_ bytes: [UInt8]) throws -> JSON {
        let folder = try TemporaryFolder()
        return try look([folder.file("picture", bytes)]).first ?? .null
    }
}
