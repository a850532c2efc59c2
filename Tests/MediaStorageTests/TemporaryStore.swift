import Foundation
import MediaStorage

/// A local store in a folder of its own, removed when it is let go.
final class TemporaryStore {
    let storage: LocalStorage

    init() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "media-store-\(UUID().uuidString)")
        storage = LocalStorage(root: root.path(percentEncoded: false))
        try storage.prepare()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: storage.root)
    }

    /// A body as nginx leaves it.
    func incoming(_ bytes: [UInt8], name: String = "0000000001") throws -> String {
        let path = "\(storage.incoming)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    /// Paths of all files below the store, relative to it.
    func files() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: storage.root).filter { path in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(storage.root)/\(path)", isDirectory: &isFolder)
            return !isFolder.boolValue
        }.sorted()
    }

    func content(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(storage.root)/\(path)")))
    }
}
