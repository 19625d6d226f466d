package format

import ("testing";"os";"path/filepath";"bytes";"context";"fmt";"time")
func TestProbe(t *testing.T){
 files,_:=filepath.Glob(os.Getenv("PROBE"))
 for _,f:=range files{
  b,_:=os.ReadFile(f)
  t0:=time.Now()
  r,err:=Inspect(context.Background(),f,bytes.NewReader(b),int64(len(b)),Limits{})
  d:=time.Since(t0)
  fmt.Printf("== %s (%d) %v\n",filepath.Base(f),len(b),d)
  if err!=nil {fmt.Println("   ",err);continue}
  fmt.Printf("   %s %s layout=%s rows=%d exact=%v avg=%d notes=%v\n",r.Classification,r.Compression,r.Layout,r.RecordCount,r.Exact,r.AverageRecordSize,r.Notes)
  if r.CSV!=nil {c:=*r.CSV;c.FirstRow=nil;fmt.Printf("   %+v\n",c)}
  for _,c:=range r.Columns{ s:=c.Type; if len(s)>300{s=s[:300]+"…"}; fmt.Printf("     %s: %s %s\n",c.Name,s,c.Seen)}
 }
}
