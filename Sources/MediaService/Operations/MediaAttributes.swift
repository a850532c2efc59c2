import MediaCore
import MediaProcessing

/// What the sender of a file says about it, and what may be changed later; checked.
struct MediaAttributes: Equatable {
    var userID: String?
    var entityType: String?
    var entityID: String?
    var isPublic = false
    var metadata: JSON?
    var title: String?
    /// What is to be made of the file; nil: what is usual.
    var processing: String?

    /// What the file is to belong to.
    var entity: EntityReference? {
        guard let entityType, let entityID else { return nil }
        return EntityReference(type: entityType, id: entityID)
    }

    /// What makes an upload with these the same as another one.
    var identity: JSON {
        .array(
            [JSON(userID), JSON(entityType), JSON(entityID), .bool(isPublic), metadata ?? .null, JSON(title)]
                + (processing.map { [.string($0)] } ?? []))
    }

    /// The names that a form or a query may use.
    static let names: Set<String> = ["userId", "entityType", "entityId", "isPublic", "metadata", "title", "processing"]

    /// - Parameter userID: whose file it is; nothing else is said.
    init(userID: String) {
        self.userID = userID
    }

    /// The attributes that texts name, as in a form or a query.
    ///
    /// - Parameter caller: whose file it is where that isn't said, if the caller is a user.
    /// - Throws: 400 with every field that has a wrong value.
    init(texts: [String: String], metadataLimit: Int, caller: Caller) throws(Problem) {
        var errors: [Problem.FieldError] = []
        func text(_ name: String) -> String? {
            guard let value = texts[name] else { return nil }
            if let fault = Self.fault(in: value, name) { errors.append(.init(name, fault)) }
            return value
        }
        userID = text("userId")
        userID = userID ?? caller.uploadsFor
        entityType = text("entityType")
        entityID = text("entityId")
        title = text("title")
        processing = text("processing")
        switch texts["isPublic"] {
        case nil, "false", "0": isPublic = false
        case "true", "1": isPublic = true
        default: errors.append(.init("isPublic", "must be true or false"))
        }
        if let value = texts["metadata"] {
            do {
                metadata = try Self.metadata(Array(value.utf8), limit: metadataLimit)
            } catch {
                errors += error.errors
            }
        }
        if case .uploader(let grant) = caller, entityType == nil, entityID == nil {
            (entityType, entityID) = (grant.entity?.type, grant.entity?.id)
        }
        if (entityType == nil) != (entityID == nil) {
            errors.append(
                .init(entityType == nil ? "entityType" : "entityId", "entityType and entityId go together"))
        }
        if userID == nil { errors.append(.init("userId", "must be given")) }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    /// The attributes that a JSON object's members name; what is wrong with them is noted there.
    ///
    /// - Parameter caller: whose file it is where that isn't said, if the caller is a user.
    init(_ fields: inout BodyFields, _ caller: Caller, _ context: Context) {
        func text(_ name: String, _ fields: inout BodyFields) -> String? {
            fields.text(name) { Self.fault(in: $0, name) }
        }
        userID = text("userId", &fields)
        userID = userID ?? caller.uploadsFor
        if userID == nil { fields.require("userId") }
        entityType = text("entityType", &fields)
        entityID = text("entityId", &fields)
        if (entityType == nil) != (entityID == nil) {
            fields.refuse(entityType == nil ? "entityType" : "entityId", "entityType and entityId go together")
        }
        isPublic = fields.bool("isPublic") ?? false
        title = text("title", &fields)
        processing = text("processing", &fields)
        guard let value = fields.object("metadata") else { return }
        let limit = context.environment.configuration.number(.metadataBytes)
        do {
            metadata = try Self.checkedMetadata(value, limit: limit)
        } catch {
            fields.refuse("metadata", error.errors.first?.reason ?? "")
        }
    }

    static let metadataDepth = 16

    /// What is wrong with a text attribute's value, or nil. The lengths are those of the columns.
    static func fault(in value: String, _ name: String) -> String? {
        switch name {
        case "title": TextRules.fault(in: value, maxLength: 255)
        case "processing": ImagePreset.isName(value) ? nil : "must be of a-z, 0-9 and '-'"
        case "entityType": TextRules.faultInSegment(value, maxLength: 64)
        default: TextRules.faultInSegment(value, maxLength: 191)
        }
    }

    /// Metadata as JSON text.
    private static func metadata(_ bytes: [UInt8], limit: Int) throws(Problem) -> JSON? {
        guard bytes.count <= limit else { throw .invalid("metadata", "must not be longer than \(limit) bytes") }
        let value: JSON
        do {
            value = try JSONParser.parse(bytes, maxDepth: metadataDepth)
        } catch {
            throw .invalid("metadata", "is no JSON: \(error.reason), at byte \(error.offset)")
        }
        return try checkedMetadata(value, limit: limit)
    }

    /// Metadata as a value that was read already; nil for null.
    static func checkedMetadata(_ value: JSON, limit: Int) throws(Problem) -> JSON? {
        if value.isNull { return nil }
        guard value.object != nil else { throw .invalid("metadata", "must be a JSON object, not \(value.kind)") }
        guard value.bytes.count <= limit else { throw .invalid("metadata", "must not be longer than \(limit) bytes") }
        return value
    }
}
