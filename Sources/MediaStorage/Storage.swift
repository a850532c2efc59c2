package import MediaCore

/// A place where blobs lie: contents that never change, each under a key of its own.
///
/// All implementations keep these promises, and one suite of tests holds them to it:
///
/// 1. A blob that is put is there, whole and durable, when `put` returns. A reader sees all of it or nothing, never a part.
/// 2. `put` may be repeated with the same content, also after a failure of which nobody knows whether it had succeeded.
/// 3. After a `put` that has failed the blob is there whole, or not at all; what else was begun is taken back, or is found by
///    `removeUnfinished`.
/// 4. What was read is what was put, byte by byte, or `read` throws.
/// 5. `remove` is done when it returns, and may be repeated.
/// 6. `blobs` lists each blob once that was there all the time, in the order of names; nothing unfinished.
/// 7. A failure that may pass by itself is one that `isTransient` is true of; it was tried again by then.
///
/// Any thread may use one.
package protocol Storage: Sendable {
    /// As the column `store` names it.
    var name: String { get }

    /// Puts a file's bytes, whose SHA-256 the key names.
    ///
    /// - Throws: `StorageError` for the file itself, `RemoteStorageError` for the store.
    func put(_ file: StagedFile, _ key: BlobKey) throws

    /// Bytes; nil where there is no such blob.
    func size(of key: BlobKey) throws -> Int64?

    /// Reads a range, or as much of it as there is.
    ///
    /// - Parameter sink: gets the bytes, piece by piece and in order.
    /// - Throws: an error that `isAbsent` is true of where there is no such blob.
    func read(_ key: BlobKey, _ range: Range<Int64>, sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws

    func remove(_ key: BlobKey) throws

    /// All that lies under one byte of the hash.
    ///
    /// - Parameter body: gets each, in the order of names.
    func blobs(_ prefix: UInt8, _ body: (FoundBlob) throws -> Void) throws

    /// Takes back what puts have begun and not ended, of more than `age` seconds ago.
    ///
    /// - Returns: how many.
    func removeUnfinished(olderThan age: Int, now: Timestamp) throws -> Int
}

/// A failure of a store, whichever it is.
package protocol StorageFailure: Error, CustomStringConvertible {
    /// There is no such blob.
    var isAbsent: Bool { get }
    /// It may pass by itself.
    var isTransient: Bool { get }
}

extension StorageError: StorageFailure {
    package var isTransient: Bool { false }
}

/// Where a blob lies in a store.
package struct BlobKey: Hashable, Sendable, CustomStringConvertible {
    /// 64 hexadecimal digits.
    package let sha256: String
    /// What tells one blob of the content from another that was put before or will be; empty where there is but one.
    package let token: String

    package init(sha256: String, token: String = "") {
        self.sha256 = sha256
        self.token = token
    }

    /// The key that has a name.
    package init?(name: String) {
        guard let last = name.split(separator: "/").last else { return nil }
        let parts = last.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts[0].utf8.count == 64, Hex.decode(parts[0]) != nil,
            parts.count == 1 || Self.isToken(parts[1])
        else { return nil }
        self.init(sha256: String(parts[0]), token: parts.count == 2 ? String(parts[1]) : "")
        guard self.name == name else { return nil }
    }

    /// Sixteen random bytes make one.
    package static func token(_ bytes: [UInt8]) -> String { Hex.encode(bytes) }

    private static func isToken(_ text: Substring) -> Bool { text.utf8.count == 32 && Hex.decode(text) != nil }

    /// `ab/cd/<sha256>`, or `ab/cd/<sha256>-<token>`.
    package var name: String {
        "\(sha256.prefix(2))/\(sha256.dropFirst(2).prefix(2))/\(sha256)" + (token.isEmpty ? "" : "-\(token)")
    }

    package var description: String { name }
}

/// What a store has.
package struct FoundBlob: Equatable, Sendable {
    /// Relative to where blobs are.
    package let name: String
    /// Bytes; nil for what is no file.
    package let size: Int64?

    package init(name: String, size: Int64?) {
        self.name = name
        self.size = size
    }

    /// Nil for what this service hasn't made.
    package var key: BlobKey? { size == nil ? nil : BlobKey(name: name) }
}
