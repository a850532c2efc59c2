internal import Glibc

/// A blob that was taken out of the store by whoever found that nothing refers to it, and is not removed yet.
///
/// That nothing refers to it holds only once the transaction that found so has ended well. Until then a concurrent upload
/// of the same content may count on the blob, so it can be put back.
package struct WithdrawnBlob: Equatable {
    private static let prefix = "withdrawn-"

    private let storage: LocalStorage
    /// 64 hexadecimal digits.
    package let sha256: String
    private let name: String

    init(storage: LocalStorage, sha256: String) {
        self.storage = storage
        self.sha256 = sha256
        name = "\(Self.prefix)\(sha256)-\(UInt64.random(in: 0 ... .max))"
    }

    /// - Parameter name: of a file in the staging folder; nil where it is none of these.
    init?(storage: LocalStorage, name: String) {
        guard name.hasPrefix(Self.prefix), let hash = name.split(separator: "-").dropFirst().first, hash.count == 64
        else { return nil }
        self.storage = storage
        sha256 = String(hash)
        self.name = name
    }

    var path: String { "\(storage.staging)/\(name)" }

    /// Removes it for good.
    package func discard() throws(StorageError) {
        try FileSystem.remove(path)
    }

    /// Gives it its place back, unless the content was placed anew meanwhile. Its name in the staging folder stays, so that
    /// it is decided on once more.
    package func restore() throws(StorageError) {
        let place = storage.objectPath(sha256)
        do {
            _ = try FileSystem.link(path, place)
        } catch {
            // Somebody else has decided on it meanwhile, and put it back or placed the content anew.
            guard error.code == ENOENT, storage.hasBlob(sha256) else { throw error }
        }
        try FileSystem.syncFolder(String(place.dropLast(sha256.utf8.count + 1)))
    }

    package static func == (left: WithdrawnBlob, right: WithdrawnBlob) -> Bool { left.path == right.path }
}
