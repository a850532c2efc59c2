import FoundationEssentials
import MediaCore
import MediaStorage

/// A file in a message: its bytes, as Node writes a Buffer in JSON or as base 64, its name and its type.
struct RPCFile {
    private let value: JSON
    /// How messages name it; empty where it is the data itself.
    private let field: String
    /// The members that the platform names file and type by. Others are known too: it has more than one way to write them.
    private let names: (name: String, type: String)

    init(_ value: JSON, field: String, names: (name: String, type: String)) {
        self.value = value
        self.field = field
        self.names = names
    }

    private func named(_ member: String) -> String { field.isEmpty ? member : "\(field).\(member)" }

    private func text(_ members: [String]) throws(Problem) -> String? {
        for member in members {
            guard let found = value[member], !found.isNull else { continue }
            guard let text = found.string else {
                throw .invalid(named(member), "must be a string, not \(found.kind)")
            }
            return text
        }
        return nil
    }

    /// The file, in the store's staging folder.
    ///
    /// - Throws: 400 for what has no bytes or another size than it says, 413 for more of them than an upload may have.
    func staged(_ call: RPCCall) throws -> IncomingFile {
        let bytes = try content()
        guard let name = try text([names.name, "originalname", "originalName", "filename"]) else {
            throw Problem.invalid(named(names.name), "must be given")
        }
        let type = try text([names.type, "mimeType", "mimetype"])
        if let size = value["size"], !size.isNull, size.integer != Int64(bytes.count) {
            throw Problem.invalid(named("size"), "the buffer has \(bytes.count) bytes")
        }
        try CheckUpload(context: call.context).run(
            call.caller, length: Int64(bytes.count), isRepeatable: call.delivery.key != nil)
        return IncomingFile(
            staged: try call.context.environment.storage.stage(bytes, as: call.context.stagingName()),
            originalName: name, declaredType: type, digests: [], field: named("buffer"), nameField: named(names.name))
    }

    private func content() throws(Problem) -> [UInt8] {
        guard let buffer = value["buffer"], !buffer.isNull else { throw .invalid(named("buffer"), "must be given") }
        if let text = buffer.string {
            guard let data = Data(base64Encoded: text) else { throw .invalid(named("buffer"), "is no base 64") }
            return Array(data)
        }
        let numbers = buffer["data"] ?? buffer
        if case .bytes(let bytes) = numbers { return bytes }
        let form = "must be a Buffer in JSON ({\"type\": \"Buffer\", \"data\": [numbers from 0 to 255]}) or base 64"
        guard let elements = numbers.array else { throw .invalid(named("buffer"), form) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.count)
        for element in elements {
            guard let byte = element.integer.flatMap({ UInt8(exactly: $0) }) else {
                throw .invalid(named("buffer"), form)
            }
            bytes.append(byte)
        }
        return bytes
    }
}
