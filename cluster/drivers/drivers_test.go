package drivers

import "testing"

func TestFind(t *testing.T) {
	for _, d := range All {
		if found, err := Find(d.Name); err != nil || found.Name != d.Name {
			t.Errorf("%s: %v, %v", d.Name, found.Name, err)
		}
		if d.Doc == "" || d.Launch == nil {
			t.Errorf("%s has no doc or cannot be launched", d.Name)
		}
	}
	if d, err := Find(""); err != nil || d.Name != All[0].Name {
		t.Errorf("the default is %q, %v", d.Name, err)
	}
	if _, err := Find("nosuch"); err == nil {
		t.Error("found a driver that does not exist")
	}
}
