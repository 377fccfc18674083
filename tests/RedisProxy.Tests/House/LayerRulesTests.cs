namespace RedisProxy.Tests.House;

public sealed class LayerRulesTests
{
    private static readonly SourceFile[] Others =
    [
        new("src/RedisProxy/Topology/View.cs", "namespace RedisProxy.Topology; record View; enum Reason;"),
        new("src/RedisProxy/Admin/Metrics/Page.cs", "namespace RedisProxy.Admin; record struct Page(int Number);"),
    ];

    [Theory]
    [InlineData("Resp", "using RedisProxy.Configuration;")]
    [InlineData("Resp", "using Microsoft.Extensions.Logging;")]
    [InlineData("Resp", "using Newtonsoft.Json;")]
    [InlineData("Resp", "class A { Microsoft.Extensions.Logging.ILogger? _log; }")]
    [InlineData("EventLoops", "using RedisProxy.Resp;")]
    [InlineData("EventLoops", "using Microsoft.AspNetCore.Http;")]
    [InlineData("EventLoops", "using Microsoft.Extensions.LoggingX;")]
    [InlineData("Configuration", "using RedisProxy.Resp;")]
    [InlineData("Configuration", "using Microsoft.AspNetCore.Http;")]
    [InlineData("CommandLine", "using RedisProxy.Sessions;")]
    [InlineData("CommandLine", "using RedisProxy.Admin;")]
    [InlineData("Topology", "using RedisProxy.Sessions;")]
    [InlineData("Topology", "using RedisProxy.EventLoops;")]
    [InlineData("Sessions", "using RedisProxy.DataPlane;")]
    [InlineData("Sessions", "using static RedisProxy.Failover.Bridge;")]
    [InlineData("Sessions", "using Bridge = RedisProxy.Failover.Bridge;")]
    [InlineData("Sessions", "using global::RedisProxy.Admin;")]
    [InlineData("Sessions", "class A { global::RedisProxy.Admin.Page? _page; }")]
    [InlineData("Sessions", "class A { string B => $\"{RedisProxy.Admin.Page.Name}\"; }")]
    [InlineData("Sessions", "class A { Admin.Page _page; }")]
    [InlineData("Resp", "class A { Topology.View? _view; }")]
    [InlineData("Resp", "class A { int B => (int)Topology . Reason.None; }")]
    [InlineData("DataPlane", "using RedisProxy.Resp;")]
    [InlineData("Failover", "using RedisProxy.Sessions;")]
    [InlineData("Failover", "using RedisProxy.Admin;")]
    [InlineData("Admin", "using RedisProxy.Hosting;")]
    [InlineData("Admin", "using RedisProxy.CommandLine;")]
    [InlineData("Hosting", "using RedisProxy.CommandLine;")]
    [InlineData("Sessions", "using Microsoft.Extensions.DependencyInjection;")]
    [InlineData("Topology", "using Microsoft.Extensions.Options;")]
    [InlineData("Configuration", "using Microsoft.Extensions.Options;")]
    [InlineData("CommandLine", "using Microsoft.Extensions.Hosting;")]
    [InlineData("Failover", "class A(Microsoft.Extensions.Options.IOptions<int> options);")]
    [InlineData("Failover", "using Microsoft.Extensions.Hosting.Internal;")]
    [InlineData("Hosting", "global using RedisProxy.Sessions;")]
    [InlineData("Utilities", "using System;")]
    public void Check_UpwardOrForeign_IsAViolation(string layer, string code)
    {
        Violation violation = Assert.Single(Check(layer, $"\nnamespace RedisProxy.{layer};\n{code}").DistinctBy(v => v.Line));
        Assert.Equal($"src/RedisProxy/{layer}/Sample.cs", violation.Path);
        Assert.Equal(layer == "Utilities" ? 1 : 3, violation.Line);
    }

    [Theory]
    [InlineData("Resp", "using System.Buffers;\nusing RedisProxy.Resp;")]
    [InlineData("Resp", "// RedisProxy.Topology.View\n/* Topology.View */ class A { string B => \"RedisProxy.Topology.View\"; }")]
    [InlineData("Resp", "/// <see cref=\"RedisProxy.Topology.View\"/>\nclass Topology { Topology B => Topology.Current; }")]
    [InlineData("EventLoops", "using Microsoft.Extensions.Logging;\nusing Microsoft.Extensions.Logging.Abstractions;")]
    [InlineData("Configuration", "using Microsoft.Extensions.Configuration;")]
    [InlineData("CommandLine", "using System.CommandLine;\nusing RedisProxy.Configuration;\nusing RedisProxy.Hosting;")]
    [InlineData("Topology", "using RedisProxy.Resp;\nusing RedisProxy.Configuration;\nusing System.Net.Sockets;")]
    [InlineData("Sessions", "using RedisProxy.Resp;\nusing RedisProxy.EventLoops;\nusing RedisProxy.Topology;")]
    [InlineData("DataPlane", "using RedisProxy.Sessions;\nusing RedisProxy.EventLoops;\nusing RedisProxy.Topology;")]
    [InlineData("Admin", "using RedisProxy.Failover;\nusing RedisProxy.Sessions;\nusing Microsoft.Extensions.Options;")]
    [InlineData("Hosting", "using RedisProxy.Admin;\nusing Microsoft.Extensions.DependencyInjection;\nusing Microsoft.Extensions.Hosting;")]
    public void Check_Downward_IsAllowed(string layer, string code) =>
        Assert.Empty(Check(layer, $"{code}\nnamespace RedisProxy.{layer};"));

    [Fact]
    public void Check_Program_MayUseAll() => Assert.Empty(Check(new SourceFile(
        "src/RedisProxy/Program.cs",
        "using Microsoft.Extensions.Hosting;\nusing RedisProxy.CommandLine;\nusing RedisProxy.Hosting;\nnamespace RedisProxy;")));

    [Theory]
    [InlineData("namespace RedisProxy.Sessions;")]
    [InlineData("namespace RedisProxy;")]
    [InlineData("namespace RedisProxy.Resp.Sub { }")]
    public void Check_NamespaceOfAnotherFolder_IsAViolation(string code) => Assert.Single(Check("Resp", code));

    [Fact]
    public void Check_SubfolderIsOfTheSameLayer()
    {
        const string Code = "namespace RedisProxy.Resp;\nclass A { RedisProxy.Admin.Page _page; }";
        var file = new SourceFile("src/RedisProxy/Resp/Sub/Sample.cs", Code);
        Assert.Equal("src/RedisProxy/Resp/Sub/Sample.cs:2: Resp must not use Admin", Assert.Single(Check(file)).ToString());
    }

    private static IEnumerable<Violation> Check(string layer, string code) =>
        Check(new SourceFile($"src/RedisProxy/{layer}/Sample.cs", code));

    private static IEnumerable<Violation> Check(SourceFile file) => new LayerRules(new TypeIndex(Others.Append(file))).Check(file);
}
