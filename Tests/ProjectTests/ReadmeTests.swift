import MediaService
import Testing

@Suite struct ReadmeTests {
    @Test("the README has the table of settings as it is")
    func settings() throws {
        #expect(try Repository.text("README.md").contains(Configuration.table))
    }
}
