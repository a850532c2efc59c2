import Foundation
import MediaCore
import MediaTesting
import Synchronization

/// A settings file of stores elsewhere.
final class StoreFile {
    let path: String
    /// Their files are read as long as services run that have them in their settings.
    private static let folders = Mutex<[TemporaryFolder]>([])

    /// - Parameters:
    ///   - stores: their descriptions, by name.
    ///   - more: rules and such.
    init(_ stores: [(name: String, json: JSON)], _ more: [JSON.Member] = []) throws {
        let folder = try TemporaryFolder()
        Self.folders.withLock { $0.append(folder) }
        path = "\(folder.path)/stores.json"
        try write(stores, more)
    }

    func write(_ stores: [(name: String, json: JSON)], _ more: [JSON.Member] = []) throws {
        let json = JSON.object([.init("stores", .object(stores.map { .init($0.name, $0.json) }))] + more)
        try Data(json.bytes).write(to: URL(filePath: path), options: .atomic)
    }
}
