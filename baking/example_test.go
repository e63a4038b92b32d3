package baking_test

import (
	"fmt"

	"github.com/roundel/roundel/baking"
)

func Example() {
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><circle r="5"/></svg>`)
	baked, err := baking.BakeSVG(svg, []byte(`{"name":"Team player"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := baking.Extract(baked)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Format, found.Version, string(found.Credential))
	// Output: svg 3.0 {"name":"Team player"}
}
