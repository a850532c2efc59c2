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

    /// - Returns: how many records.
    package func run(_ type: MediaType?, userID: String?, isTrial: Bool) throws -> Int {
        let plan = PlanProcessing(context: context)
        var count = 0
        var last = ""
        while true {
            let found = try MediaRepository(context.connection).processed(
                after: last, type: type, userID: userID, limit: Self.page)
            guard let end = found.last else { return count }
            last = end.id.rawValue
            for media in found where plan.isProcessed(media.mimeType) {
                count += 1
                if isTrial { continue }
                try context.connection.transaction { try plan.addJob(media, priority: Self.priority, $0) }
            }
        }
    }
}
