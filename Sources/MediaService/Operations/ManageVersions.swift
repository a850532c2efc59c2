import Logging
import MediaCore
import MediaDatabase

/// Lists and removes the files that a record has had.
struct ManageVersions {
    let context: Context

    static let notFound = Problem(.notFound, "The record has no such earlier version.")

    /// When the bytes of a version that goes now may be removed: no decision that names them is reused by then.
    static func end(_ now: Timestamp) -> Timestamp { now.adding(seconds: 120) }

    /// The record's files, the one that it has first.
    func list(_ id: String, _ caller: Caller) throws -> [MediaVersion] {
        let media = try ReadMedia(context: context).find(id, caller, to: .listVersions)
        let earlier = try MediaVersionRepository(context.connection).all(of: media.id)
        return [media.currentVersion].compactMap(\.self) + earlier
    }

    /// Removes an earlier version for good.
    ///
    /// - Throws: 404 where there is none; 409 for the version that the record has.
    func delete(_ number: Int64, of id: String, _ caller: Caller) throws {
        let media = try ReadMedia(context: context).find(id, caller, to: .replaceFile)
        let end = Self.end(context.now())
        try context.connection.transaction { connection in
            let current = try MediaRepository(connection).findForUpdate(media.id)
            try Authorize.check(caller, .replaceFile, on: current, id: id, connection)
            guard current?.version != number else {
                throw Problem(.currentVersion, "The record has this file now; replace it first.")
            }
            guard try MediaVersionRepository(connection).expire(number, of: media.id, at: end) else {
                throw Self.notFound
            }
            try context.audit(
                .deleteVersion, caller.name, mediaID: media.id.rawValue, detail: "version \(number)", connection)
        }
        context.logger.info(
            "version deleted", metadata: ["media": "\(id)", "version": "\(number)", "caller": "\(caller.name)"])
    }

    /// Removes the versions that are due, with their bytes.
    ///
    /// - Returns: how many.
    func purge() throws -> Int {
        let now = context.now()
        var count = 0
        for id in try MediaVersionRepository(context.connection).due(before: now, limit: 1000) {
            var removed = 0
            try RemoveBlob(context: context).transaction { connection in
                removed = 0
                guard let media = try MediaRepository(connection).findForUpdate(id) else { return [] }
                let versions = try MediaVersionRepository(connection).remove(of: id, dueBefore: now)
                for sha256 in versions.map(\.sha256).sorted() {
                    try BlobRepository(connection).release(sha256: sha256, now: context.now())
                }
                if versions.isEmpty { return [] }
                let numbers = versions.map { String($0.number) }.joined(separator: ", ")
                try context.audit(
                    .purgeVersions, Context.housekeeping, mediaID: id.rawValue,
                    detail: TextRules.prefix("versions \(numbers)", 500), connection)
                let usage = Usage(bytes: versions.reduce(0) { $0 + $1.size })
                try CountUsage(environment: context.environment).add(-usage, of: media.userID, connection)
                removed = versions.count
                return Set(versions.map(\.sha256))
            }
            count += removed
            context.logger.notice("versions removed", metadata: ["media": "\(id)", "count": "\(removed)"])
        }
        return count
    }
}
