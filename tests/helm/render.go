// Renders a chart without Helm, by what Helm itself renders with: Go's text/template, sprig's functions, and Helm's own few.
//
//	render CHART RELEASE [VALUES.yaml…]
//
// Prints what each template gives, with its name before it; later values win, as with helm template -f. What it does not do: schemas,
// subcharts, .Files, lookups in a cluster.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	// Version 3, where Debian puts it.
	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 3 {
		fail(errors.New("render CHART RELEASE [VALUES.yaml…]"))
	}

	chart, release := os.Args[1], os.Args[2]
	values := read(filepath.Join(chart, "values.yaml"))
	for _, file := range os.Args[3:] {
		merge(values, read(file))
	}

	about := read(filepath.Join(chart, "Chart.yaml"))
	data := map[string]interface{}{
		"Values":  values,
		"Chart":   map[string]interface{}{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
		"Release": map[string]interface{}{"Name": release, "Namespace": "default", "Service": "Helm", "IsInstall": true, "Revision": 1},
	}
	render(filepath.Join(chart, "templates"), data)
}

func render(folder string, data interface{}) {
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root))
	var names []string
	fail(filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}

		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}

		name, _ := filepath.Rel(folder, path)
		if !strings.HasPrefix(filepath.Base(name), "_") {
			names = append(names, name)
		}

		_, err = root.New(name).Parse(string(text))
		return err
	}))

	sort.Strings(names)
	for _, name := range names {
		var text strings.Builder
		fail(root.ExecuteTemplate(&text, name, data))

		// As Helm does: a key that is not there is nothing.
		fmt.Printf("---\n# Source: %s\n%s\n", name, strings.ReplaceAll(text.String(), "<no value>", ""))
	}
}

func functions(root *template.Template) template.FuncMap {
	all := sprig.TxtFuncMap()
	delete(all, "env")
	delete(all, "expandenv")
	all["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	all["include"] = func(name string, data interface{}) (string, error) {
		var text strings.Builder
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	all["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}

		return value, nil
	}
	return all
}

func read(file string) map[string]interface{} {
	text, err := os.ReadFile(file)
	fail(err)
	values := map[string]interface{}{}
	fail(yaml.Unmarshal(text, &values))
	return values
}

func merge(into, from map[string]interface{}) {
	for key, value := range from {
		old, isOldMap := into[key].(map[string]interface{})
		if added, isMap := value.(map[string]interface{}); isMap && isOldMap {
			merge(old, added)
		} else {
			into[key] = value
		}
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
