import MediaCore
import MediaProcessing
import MediaStorage

/// What has to be known of a file before anything is done with it.
struct InspectFile {
    let environment: Environment

    /// The type that the bytes have.
    ///
    /// - Throws: `Problem` for a file that isn't accepted, by its name, type or size.
    func acceptedType(_ file: IncomingFile) throws -> FileType {
        if let fault = FileName.fault(in: file.originalName) { throw Problem.invalid(file.nameField, fault) }
        guard file.staged.size > 0 else { throw Problem.invalid(file.field, "the file is empty") }
        let head = try file.staged.handle.read(at: 0, count: TypeDetector.headLength)
        let detected = try environment.detector.type(of: head)
        let type: FileType
        switch FileType.resolve(detected: detected, declared: file.declaredType, fileName: file.originalName) {
        case .resolved(let known): type = known
        case .unlisted(let mimeType): type = .unlisted(mimeType)
        case .mismatch(let detected, let declared):
            // What curl says of a body unless it is told.
            let hint = declared == "application/x-www-form-urlencoded" ? "; name the file's type in Content-Type" : ""
            throw Problem.unsupportedType(file.field, "declared as \(declared), but the bytes are \(detected)\(hint)")
        }
        guard environment.allowedTypes.allows(type) else {
            throw Problem.unsupportedType(file.field, "files of type \(type.mimeType) are not accepted")
        }
        let limit = environment.configuration.maxBytes(type.mediaType)
        guard file.staged.size <= limit else {
            throw Problem.tooLarge(
                file.field, limit: limit, "\(file.staged.size) bytes are too many for \(type.mediaType.rawValue)")
        }
        return type
    }

    /// Hashes the file and makes its bytes durable.
    func durableDigest(_ file: IncomingFile) throws -> StagedFile.Digest {
        let needsSHA512 = file.digests.needSHA512
        let runFolder = environment.configuration.text(.runDirectory)
        let digest =
            try (needsSHA512 ? nil : file.staged.digestFromArrival(runFolder: runFolder))
            ?? file.staged.digest(includingSHA512: needsSHA512, writesMeanwhile: true)
        try file.digests.check(digest)
        try file.staged.sync()
        return digest
    }
}
