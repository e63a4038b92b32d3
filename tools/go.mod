module github.com/roundel/roundel/tools

go 1.26.8
