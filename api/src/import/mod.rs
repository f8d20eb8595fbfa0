//! Reading registers from CSV and GeoJSON.
