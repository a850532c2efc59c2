package import MediaCore
import MediaDatabase

/// Has everything made of many records' files once more, as the settings are now.
package struct RebuildVariants {
    /// Behind what is uploaded meanwhile.
    private static let priority: Int64 = 50
    private static let page = 500

    private let context: Context

    package init(context: Context) {
        self.context = context
    }

    /// - Parameter hasUnprocessed: also of those of which nothing is made yet, from now on.
    /// - Returns: how many records.
    package func run(_ type: MediaType?, userID: String?, hasUnprocessed: Bool, isTrial: Bool) throws -> Int {
        let plan = PlanProcessing(context: context)
        var count = 0
        var last = ""
        while true {
            let found = try MediaRepository(context.connection).processed(
                after: last, type: type, userID: userID, hasUnprocessed: hasUnprocessed, limit: Self.page)
            guard let end = found.last else { return count }
            last = end.id.rawValue
            for media in found where plan.isProcessed(media.mimeType) {
                count += 1
                if isTrial { continue }
                try context.connection.transaction { connection in
                    if media.processing == nil {
                        guard var current = try MediaRepository(connection).findForUpdate(media.id) else { return }
                        current.processing = ProcessingChoice.default
                        try MediaRepository(connection).updateProcessed(current)
                    }
                    try plan.addJob(media, priority: Self.priority, connection)
                }
            }
        }
    }
}
