using System.Text.Json.Nodes;

using k8s;

namespace RedisProxy.Tests.Deploy;

/// <summary>
/// Reads manifests into the types of the Kubernetes API, as its .NET client has them: unknown kinds, unknown fields and values of a wrong
/// type throw. Which fields are required, those types do not know; kinds that are not of the API itself are checked by hand.
/// </summary>
internal static class KubernetesTypes
{
    private static readonly string[] OfOthers = ["Kustomization", "ServiceMonitor"];

    public static void AssertKnown(string yaml)
    {
        string[] documents = [.. yaml.Split("\n---\n").Where(document => YamlText.Documents(document).Count > 0)];
        Assert.NotEmpty(documents);
        foreach (string document in documents)
        {
            JsonObject manifest = Assert.Single(YamlText.Documents(document));
            if (OfOthers.Contains((string?)manifest["kind"]))
            {
                continue;
            }

            object read = Assert.Single(KubernetesYaml.LoadAllFromString(document, strict: true));
            Assert.Equal((string?)manifest["kind"], ((IKubernetesObject)read).Kind);
        }
    }
}
