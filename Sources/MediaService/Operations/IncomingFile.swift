import MediaCore
import MediaStorage

/// A file as a request brings it, before anything of it is believed.
struct IncomingFile {
    let staged: StagedFile
    /// What the sender calls it.
    let originalName: String
    /// The type that the sender declares, without parameters.
    let declaredType: String?
    /// What the sender says the content's hashes are.
    let digests: [DigestField.Expectation]
    /// How messages name it: the form field, or `body`.
    let field: String
    /// How messages name what carries the file's name.
    let nameField: String
}
