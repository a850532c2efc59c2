import MediaCore
import MediaHTTP
import MediaStorage

/// Reads an upload in `multipart/form-data` (RFC 7578): fields that describe and parts that are files.
struct FormUpload {
    let context: Context
    let body: StagedFile
    let contentType: String
    let caller: Caller

    /// - Parameter expectations: what the request says of the whole body.
    func read(
        _ expectations: [DigestField.Expectation]
    ) throws -> (files: [IncomingFile], attributes: MediaAttributes) {
        let configuration = context.environment.configuration
        let parts = try MultipartReader.parts(
            descriptor: body.handle.descriptor, size: body.size, contentType: contentType,
            limits: MultipartReader.Limits(parts: configuration.number(.uploadParts)))
        try check(expectations)
        let fileParts = parts.filter { $0.fileName != nil }
        let limit = configuration.number(.uploadFiles)
        guard !fileParts.isEmpty else { throw Problem.invalid("body", "holds no file") }
        guard fileParts.count <= limit else { throw Problem.invalid("body", "holds more than \(limit) files") }
        let attributes = try attributes(parts.filter { $0.fileName == nil })
        // Each file is copied out of the body: said before that has filled the store.
        try CheckUpload(context: context).requireRoom(fileParts.reduce(0) { $0 + Int64($1.body.count) })
        return (try fileParts.map(file), attributes)
    }

    private func attributes(_ parts: [MultipartPart]) throws -> MediaAttributes {
        let metadataLimit = context.environment.configuration.number(.metadataBytes)
        var texts: [String: String] = [:]
        for part in parts {
            guard MediaAttributes.names.contains(part.name) else {
                throw Problem.invalid(
                    String(part.name.prefix(100)),
                    "unknown field; known here: \(MediaAttributes.names.sorted().joined(separator: ", "))")
            }
            // Longer than any field may be: said before it is read.
            guard part.body.count <= max(metadataLimit, 4096) else {
                throw Problem.invalid(part.name, "must not be longer than \(max(metadataLimit, 4096)) bytes")
            }
            let bytes = try body.handle.read(at: part.body.lowerBound, count: part.body.count)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Problem.invalid(part.name, "is not UTF-8")
            }
            guard texts.updateValue(text, forKey: part.name) == nil else {
                throw Problem.invalid(part.name, "stands twice")
            }
        }
        return try MediaAttributes(texts: texts, metadataLimit: metadataLimit, caller: caller)
    }

    private func file(_ part: MultipartPart) throws -> IncomingFile {
        let digests = try PostMedia.digests(part.contentDigest, "Content-Digest")
        let type = try part.contentType.map { try ParameterizedHeader($0, field: part.name).value }
        return IncomingFile(
            staged: try context.environment.storage.stage(
                part.body, of: body.handle, as: context.stagingName()),
            originalName: part.fileName ?? "", declaredType: type, digests: digests, field: part.name,
            nameField: "\(part.name).filename")
    }

    private func check(_ expectations: [DigestField.Expectation]) throws {
        if expectations.isEmpty { return }
        try expectations.check(body.digest(includingSHA512: expectations.needSHA512))
    }
}
