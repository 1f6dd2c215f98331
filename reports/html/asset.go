package html

import "fmt"

// Asset is one of the parts that the report is made of, such as "report.css", for pages that are served beside reports.
func Asset(name string) ([]byte, error) {
	data, err := assets.ReadFile("assets/" + name)
	if err != nil {
		return nil, fmt.Errorf("read a part of the report page: %w", err)
	}
	return data, nil
}
