// Checks the Docker files with Docker's own libraries, where there is no Docker engine. For tests only.
//
//	docker-check compose FILE ENV_FILE   the project as `docker compose` loads it, as JSON
//	docker-check dockerfile FILE         what `docker build --check` says of it, as JSON
//	docker-check context FOLDER IGNORE   the files of FOLDER that a build is sent
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: docker-check compose|dockerfile|context FILE…"))
	}
	checks := map[string]func(...string) error{"compose": compose, "dockerfile": dockerfile, "context": buildContext}
	check, known := checks[os.Args[1]]
	if !known {
		fail(fmt.Errorf("unknown check: %s", os.Args[1]))
	}
	if err := check(os.Args[2:]...); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// compose reads variables from the environment first, then from the file, as `docker compose --env-file` does.
func compose(args ...string) error {
	options, err := cli.NewProjectOptions(args[:1], cli.WithOsEnv, cli.WithEnvFiles(args[1]), cli.WithDotEnv,
		cli.WithProfiles([]string{"*"}))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	return print(project)
}

// noRegistry answers for every base image without asking for it: the linter wants to know its settings.
type noRegistry struct{}

func (noRegistry) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, digest.FromString(ref), []byte(`{"architecture":"amd64","os":"linux","config":{}}`), nil
}

func dockerfile(args ...string) error {
	content, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	capabilities := pb.Caps.CapSet(pb.Caps.All())
	source := llb.NewSourceMap(nil, args[0], "Dockerfile", content)
	source.Definition = &llb.Definition{} // Where the file came from in a build: from nowhere here.
	results, err := dockerfile2llb.DockerfileLint(context.Background(), content, dockerfile2llb.ConvertOpt{
		SourceMap:    source,
		MetaResolver: noRegistry{},
		LLBCaps:      &capabilities,
	})
	if err != nil {
		return err
	}
	return print(map[string]any{"warnings": results.Warnings, "error": results.Error})
}

func buildContext(args ...string) error {
	ignore, err := os.Open(args[1])
	if err != nil {
		return err
	}
	defer ignore.Close()
	patterns, err := ignorefile.ReadAll(ignore)
	if err != nil {
		return err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return err
	}
	return filepath.WalkDir(args[0], func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(args[0], path)
		if err != nil {
			return err
		}
		ignored, err := matcher.MatchesOrParentMatches(name)
		if err == nil && !ignored && !entry.IsDir() {
			fmt.Println(name)
		}
		return err
	})
}

func print(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
