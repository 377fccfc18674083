using RedisProxy.Tests.Deploy;

namespace RedisProxy.ProcessTests.Container;

/// <summary>
/// The image that the SDK makes. What the Dockerfile can say and the SDK cannot is asserted here, and told in docs/deploy.md.
/// </summary>
[Trait("Tier", "Container")]
[Collection(ContainerImage.Tests)]
public sealed class ArchivedImageTests(ContainerImage image, ITestOutputHelper output) : ImageTests(image.Archive, output)
{
    private readonly ArchivedImage _image = image.Archive;
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void Archive_NamesTheImageAndItsVersion()
    {
        Assert.Equal($"redisproxy:{Product.Version}", _image.Tag);
        _output.WriteLine($"{_image.ArchiveBytes:N0} bytes");
    }

    [Fact]
    public void WorkingDirectory_IsTheProgramsFolder() => Assert.Equal("/app", ((string?)_image.Config["WorkingDir"])?.TrimEnd('/'));

    [Fact]
    public void HealthCheck_IsLeftToTheManifest() => Assert.Null(_image.Config["Healthcheck"]);
}
