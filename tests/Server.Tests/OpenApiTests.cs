using System.Net;
using System.Text.Json;

namespace Kvmscope.Server.Tests;

public sealed class OpenApiTests
{
    private static async Task<JsonElement> Document(Served served) => await served.Json("/openapi.json");

    [Fact]
    public async Task It_lists_what_is_answered_and_nothing_else()
    {
        using var served = new Served(seconds: 1);
        string[] described = [.. (await Document(served)).GetProperty("paths").EnumerateObject().Select(p => p.Name).Order()];
        string[] answered = [.. KvmscopeServer.Endpoints().Keys.Where(path =>
            path is "/openapi.json" or "/metrics" or "/healthz" or "/readyz"
            || path.StartsWith("/api/", StringComparison.Ordinal)).Order()];
        Assert.Equal(answered, described);
    }

    [Fact]
    public async Task Its_parameters_are_those_that_are_read()
    {
        using var served = new Served(seconds: 1);
        JsonElement document = await Document(served);
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            if (!path.Name.StartsWith("/api/", StringComparison.Ordinal) || path.Name == "/api/v1/explain") continue;
            JsonElement problem = await served.Json(path.Name + "?no_such=1", HttpStatusCode.BadRequest);
            string[] described = [.. path.Value.GetProperty("get").GetProperty("parameters").EnumerateArray()
                .Select(p => p.GetProperty("$ref").GetString()!.Split('/')[^1]).Order(StringComparer.Ordinal)];
            string hint = problem.GetProperty("hint").GetString()!;
            Assert.Equal("There are: " + string.Join(", ", described), described.Length == 0 ? "There are: " : hint);
        }
    }

    [Theory]
    [InlineData("/api/v1/host", "Host")]
    [InlineData("/api/v1/vms", "Vms")]
    [InlineData("/api/v1/intervals", "Intervals")]
    [InlineData("/api/v1/heatmap", "Heatmap")]
    [InlineData("/api/v1/slow", "Slow")]
    public async Task Answers_have_the_members_that_it_says(string path, string schema)
    {
        using var served = new Served(seconds: 2);
        JsonElement described = (await Document(served)).GetProperty("components").GetProperty("schemas").GetProperty(schema);
        JsonElement answer = await served.Json(path);
        string[] members = [.. answer.EnumerateObject().Select(m => m.Name)];
        Assert.Empty(described.GetProperty("required").EnumerateArray().Select(m => m.GetString()!).Except(members));
        Assert.Empty(members.Except(described.GetProperty("properties").EnumerateObject().Select(m => m.Name)));
        Assert.Equal(described.GetProperty("properties").GetProperty("schema").GetProperty("const").GetString(),
            answer.GetProperty("schema").GetString());
    }
}
