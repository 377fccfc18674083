namespace RedisProxy.ProcessTests.Container;

/// <summary>The image of the Dockerfile.</summary>
[Trait("Tier", "Container")]
[Collection(ContainerImage.Tests)]
public sealed class DockerfileImageTests(ContainerImage image, ITestOutputHelper output) : ImageTests(image, output)
{
    private readonly ContainerImage _image = image;

    [Fact]
    public void WorkingDirectory_IsWhereTheConfigurationIsMounted() =>
        Assert.Equal("/etc/redisproxy", (string?)_image.Config["WorkingDir"]);

    [Fact]
    public void HealthCheck_IsInTheImage() => Assert.NotNull(_image.Config["Healthcheck"]);
}
