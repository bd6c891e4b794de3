"""The figures of the kit for analysts, held against events made by hand."""
