import MediaCore

/// A file that is accepted: its type is known, its bytes are hashed and durable.
struct CheckedFile {
    let file: IncomingFile
    let type: FileType
    /// 64 hexadecimal digits.
    let sha256: String
    /// The name of what it is infected with.
    var infection: String?
    /// Where it lies already.
    var place: BlobPlace?

    /// What makes an upload of this file the same as another one.
    var identity: JSON {
        .array([
            .string(file.field), .string(file.originalName), JSON(file.declaredType), .string(sha256),
        ])
    }
}
