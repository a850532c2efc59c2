import Foundation

/// Where a service instance keeps what it writes, with the repository's nginx files.
package struct ServiceFolders: Sendable {
    /// The repository's top.
    package static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// The program that was built with the tests: it lies beside them.
    package static let mediad = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("mediad").path
    package static let imageProgram = mediad + "-image"

    package let state: String
    package let store: String

    /// - Parameter store: a folder elsewhere, such as on another file system.
    init(_ folder: TemporaryFolder, store: String?) throws {
        state = folder.path
        self.store = store ?? "\(folder.path)/store"
        for name in ["run", "log", "tls", "tmp"] { chmod(try folder.folder(name), 0o700) }
        try FileManager.default.copyItem(atPath: "\(Self.repository)/nginx", toPath: "\(state)/nginx")
        let docs = "\(Self.repository)/.build/docs-ui/swagger-ui"
        if FileManager.default.fileExists(atPath: docs) {
            try FileManager.default.copyItem(atPath: docs, toPath: "\(state)/nginx/html/docs/swagger-ui")
        }
    }

    package var settings: String { "\(state)/settings.env" }

    /// The whole text of a log.
    package func log(_ name: String) -> String {
        (try? String(contentsOfFile: "\(state)/log/\(name)", encoding: .utf8)) ?? ""
    }

    /// The files below a folder of the store, by their paths in it, sorted.
    package func files(_ folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: "\(store)/\(folder)")?.compactMap { $0 as? String } ?? []
        return all.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(store)/\(folder)/\(path)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }
}
