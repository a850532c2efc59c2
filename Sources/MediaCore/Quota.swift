/// What files take.
package struct Usage: Equatable, Sendable {
    package var bytes: Int64
    package var files: Int64

    package init(bytes: Int64 = 0, files: Int64 = 0) {
        self.bytes = bytes
        self.files = files
    }

    package static func + (left: Usage, right: Usage) -> Usage {
        Usage(bytes: left.bytes + right.bytes, files: left.files + right.files)
    }

    package static prefix func - (usage: Usage) -> Usage { Usage(bytes: -usage.bytes, files: -usage.files) }

    /// Whether adding it makes something larger.
    package var isGrowth: Bool { bytes > 0 || files > 0 }
}

/// How much files may take.
package struct Quota: Equatable, Sendable {
    /// Nil: as much as there is room for.
    package var bytes: Int64?
    /// Nil: as many as there are.
    package var files: Int64?

    package init(bytes: Int64? = nil, files: Int64? = nil) {
        self.bytes = bytes
        self.files = files
    }

    package var isLimited: Bool { bytes != nil || files != nil }

    /// What of a use goes beyond, in words with its numbers; nil where nothing does.
    package func excess(of usage: Usage) -> String? {
        if let bytes, usage.bytes > bytes { return "\(usage.bytes) bytes, of which \(bytes) are allowed" }
        if let files, usage.files > files { return "\(usage.files) files, of which \(files) are allowed" }
        return nil
    }
}
